/* SPDX-License-Identifier: MIT */
/* System V shared memory: keys, sharing over fork, removal with and without users, errors. */
#include <signal.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "check.h"

#define KEY 0x71de
#define SIZE 10000

static int attached(int id)
{
	struct shmid_ds ds;

	CHECK(!shmctl(id, IPC_STAT, &ds));
	return (int)ds.shm_nattch;
}

static long shared_pages(void)
{
	char line[128];
	FILE *refresh = fopen("/proc/sys/vm/stat_refresh", "w"), *f = fopen("/proc/vmstat", "r");
	long value = -1;

	CHECK(refresh && f && fputs("1", refresh) >= 0 && !fclose(refresh));
	rewind(f);
	while (fgets(line, sizeof(line), f) && sscanf(line, "nr_shmem %ld", &value) != 1)
		;
	fclose(f);
	CHECK(value >= 0);
	return value;
}

#define DOOMED (256 * 4096)

/* Marked for destruction: the memory goes with the last user, whether it exits or execs; no other call is needed. */
static void last_user(const char *program)
{
	long before = shared_pages();
	pid_t pid = fork();
	int status;

	if (!pid) {
		int id = shmget(IPC_PRIVATE, DOOMED, 0600);
		char *a = shmat(id, NULL, 0);

		CHECK(id >= 0 && a != (void *)-1 && !shmctl(id, IPC_RMID, NULL));
		memset(a, 1, DOOMED);
		CHECK(shared_pages() == before + DOOMED / 4096);
		if (program)
			execl(program, "sh", "-c", "kill -STOP $$", NULL);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && (program ? WIFSTOPPED(status) : !status));
	CHECK(shared_pages() == before);
	if (program)
		CHECK(!kill(pid, SIGKILL) && waitpid(pid, &status, 0) == pid);
}

int main(void)
{
	int id = shmget(KEY, SIZE, IPC_CREAT | IPC_EXCL | 0600), status;
	struct shmid_ds ds;
	volatile char *a, *b;
	pid_t pid;

	CHECK(id >= 0);
	CHECK_ERR(shmget(KEY, SIZE, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	CHECK(shmget(KEY, 0, 0) == id);
	CHECK_ERR(shmget(KEY, SIZE + 1, 0), EINVAL);
	CHECK_ERR(shmget(KEY + 1, SIZE, 0600), ENOENT);
	CHECK_ERR(shmget(IPC_PRIVATE, 0, 0600), EINVAL);
	CHECK(attached(id) == 0);
	a = shmat(id, NULL, 0);
	b = shmat(id, NULL, SHM_RDONLY);
	CHECK(a != (void *)-1 && b != (void *)-1 && a != b && attached(id) == 2);
	a[SIZE - 1] = 42;
	CHECK(b[SIZE - 1] == 42 && !b[0]);
	CHECK(!shmctl(id, IPC_STAT, &ds) && ds.shm_segsz == SIZE && (ds.shm_perm.mode & 0777) == 0600 &&
	      ds.shm_cpid == getpid());
	pid = fork();
	if (!pid) {
		CHECK(attached(id) == 4);
		a[1] = 43;
		CHECK(!shmdt((void *)a) && attached(id) == 3);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status && b[1] == 43 && attached(id) == 2);
	CHECK(!shmdt((void *)b));
	CHECK_ERR(shmdt((void *)b), EINVAL);
	CHECK_ERR(shmdt((char *)a + 4096), EINVAL);
	CHECK_ERR(shmat(id, (char *)a + 1, 0), EINVAL);
	CHECK(shmat(id, (char *)a + 1, SHM_RND | SHM_REMAP) == a && a[1] == 43);
	CHECK(!shmctl(id, IPC_RMID, NULL));
	CHECK_ERR(shmget(KEY, SIZE, 0), ENOENT);
	CHECK(a[1] == 43 && !shmctl(id, IPC_STAT, &ds));
	CHECK(!shmdt((void *)a));
	CHECK_ERR(shmctl(id, IPC_STAT, &ds), EINVAL);
	CHECK_ERR(shmat(id, NULL, 0), EINVAL);
	last_user(NULL);
	last_user("/bin/busybox");
	PASS("sys_shm");
}
