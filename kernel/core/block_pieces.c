/* SPDX-License-Identifier: MIT */
/*
 * A failed request is tried again piece by piece: a bad sector then fails the page it belongs to, not its neighbours.
 *
 *	bios of rq    [ p0 p1 p2 ] -> [ p0 p1 ]		bi_bad of each: its pieces that failed, bit by bit
 *		rq->retry ^    ^ rq->piece_nr
 *
 * The request stays the same one, with one piece at a time as all it is about (rq->piece), and goes to the head of its
 * queue for each. A bio ends with its last piece. Nothing is allocated.
 *
 * Locks: the request is nobody else's between its completion and its next start.
 */
#include "kernel/core/block_internal.h"
#include "kernel/base/errno.h"

/* The next piece alone becomes what the request is about. */
static void set_piece(struct request *rq)
{
	struct bio *bio = rq->retry, *piece = &rq->piece;
	u64 sector = bio->bi_sector;

	for (unsigned int i = 0; i < rq->piece_nr; i++)
		sector += bio->bi_io_vec[i].len >> SECTOR_SHIFT;
	bio_init(piece, &bio->bi_io_vec[rq->piece_nr], 1);
	piece->bi_bdev = bio->bi_bdev;
	piece->bi_op = bio->bi_op;
	piece->bi_sector = sector;
	piece->bi_vcnt = 1;
	piece->bi_size = bio->bi_io_vec[rq->piece_nr].len;
	block_fill_request(rq, piece, piece);
}

/* => rq, which failed as a whole, is to be tried piece by piece from here on */
void block_begin_pieces(struct request *rq)
{
	rq->retry = rq->bio;
	rq->piece_nr = 0;
	for (struct bio *bio = rq->bio; bio; bio = bio->bi_next)
		bio->bi_bad = 0;
	set_piece(rq);
}

/* One piece has been tried. => true: another one is to be. A bio that had its last one has ended. */
bool block_next_piece(struct request *rq)
{
	struct bio *bio = rq->retry;

	if (rq->error)
		bio->bi_bad |= 1U << rq->piece_nr;
	if (++rq->piece_nr == bio->bi_vcnt) {
		rq->retry = bio->bi_next;
		rq->piece_nr = 0;
		block_end_bio(bio, bio->bi_bad ? -EIO : 0);
	}
	if (rq->retry)
		set_piece(rq);
	return rq->retry;
}
