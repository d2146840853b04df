/* SPDX-License-Identifier: MIT */
/*
 * CPUs that are threads: who has which, and acting in another CPU's name.
 *
 *	free CPU --first alloc/free of a thread--> taken --thread ends: lists drained--> free
 *
 * smp_call_function_many() does what an interprocessor interrupt would have done there: it stops the CPU
 * (its thread waits at its next "interrupts off"), takes its identity, calls the function, and lets it
 * go on. See asm/host_cpu.h for how stopping works without a fence on the other side.
 *
 * Locks: cpu_mutex for who has what; ipi_mutex lets one thread stop others at a time.
 */
#include "arch/host/libc.h"
#include <linux/membarrier.h>
#include <sys/syscall.h>

#include "arch/cpu.h"
#include "arch/host/host.h"
#include "kernel/base/kernel.h"
#include "kernel/core/task.h"
#include "mm/gfp.h"
#include "asm/irqflags.h"

extern char __start_tidemark_percpu[], __stop_tidemark_percpu[];

static DEFINE_PER_CPU(int, percpu_section_is_never_empty) __attribute__((used));
static struct task_struct boot_task = { .comm = "swapper", .mems_allowed = ~0UL };
static struct task_struct cpu_tasks[NR_CPUS];
static char *percpu_area;

__thread struct host_cpu host_self = { .stop = 1, .task = &boot_task };
unsigned long __per_cpu_offset[NR_CPUS];
int nr_cpu_ids = 1;
cpumask_t cpu_possible_mask, cpu_online_mask;

static pthread_mutex_t cpu_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t ipi_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct host_cpu *holders[NR_CPUS]; /* [cpu_mutex] NULL: free */
static int cpu_locks[NR_CPUS];		  /* ThreadSanitizer: instead of stop and irqs_off */
static pthread_key_t detach_key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool use_membarrier;
static int service_saved_id;

int num_online_cpus(void)
{
	return (int)hweight_long(cpu_online_mask);
}

void host_relax(void)
{
	static __thread unsigned int turns;

	__builtin_ia32_pause();
	if (++turns % 64 == 0)
		sched_yield(); /* the holder may need this very processor */
}

/* ---- Identity -------------------------------------------------------------------------------- */

static void become(int cpu)
{
	host_self.id = cpu;
	host_self.percpu_offset = __per_cpu_offset[cpu];
	host_self.task = &cpu_tasks[cpu];
}

static void detach(void *unused)
{
	int cpu = host_self.id;

	(void)unused;
	pthread_mutex_lock(&cpu_mutex);
	if (holders[cpu] == &host_self) {
		drain_local_pages(NULL);
		holders[cpu] = NULL;
	}
	host_self.stop = 1;
	pthread_mutex_unlock(&cpu_mutex);
}

static void make_key(void)
{
	pthread_key_create(&detach_key, detach);
}

/* => irqs_off of this thread is 0; it has a CPU afterwards */
static void attach(void)
{
	int cpu = 0;

	pthread_once(&key_once, make_key);
	pthread_mutex_lock(&cpu_mutex);
	while (cpu < nr_cpu_ids && holders[cpu])
		cpu++;
	if (cpu == nr_cpu_ids || !percpu_area) {
		fprintf(stderr, percpu_area ? "libmm: more threads than the machine has CPUs (%d)\n" :
					      "libmm: no machine has been started\n",
			nr_cpu_ids);
		abort();
	}
	become(cpu);
	holders[cpu] = &host_self;
	__atomic_store_n(&host_self.stop, 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&cpu_mutex);
	pthread_setspecific(detach_key, &host_self);
}

static bool attached(void)
{
	return host_self.id == NR_CPUS - 1 || holders[host_self.id] == &host_self;
}

/* => called with irqs_off just set and stop seen; returns with irqs_off set and nobody in our name */
void host_irq_save_slow(void)
{
	for (;;) {
		__atomic_store_n(&host_self.irqs_off, 0, __ATOMIC_SEQ_CST);
		if (!attached())
			attach();
		while (__atomic_load_n(&host_self.stop, __ATOMIC_ACQUIRE))
			host_relax();
		__atomic_store_n(&host_self.irqs_off, 1, __ATOMIC_SEQ_CST);
		if (!__atomic_load_n(&host_self.stop, __ATOMIC_SEQ_CST))
			return;
	}
}

void host_irq_lock(void)
{
	if (__atomic_load_n(&host_self.stop, __ATOMIC_RELAXED) && host_self.id != NR_CPUS - 1)
		attach();
	while (__atomic_exchange_n(&cpu_locks[host_self.id], 1, __ATOMIC_ACQUIRE))
		host_relax();
}

void host_irq_unlock(void)
{
	__atomic_store_n(&cpu_locks[host_self.id], 0, __ATOMIC_RELEASE);
}

/* ---- Acting in another CPU's name ------------------------------------------------------------ */

/* Every running thread of the process passes a full fence before this returns. */
static void fence_everywhere(void)
{
	static char *page;

	if (use_membarrier) {
		syscall(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
		return;
	}
	/* Taking rights away from a page in use makes the kernel interrupt the other processors. */
	if (!page)
		page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	mprotect(page, PAGE_SIZE, PROT_READ | PROT_WRITE);
	*(volatile char *)page = 1;
	mprotect(page, PAGE_SIZE, PROT_READ);
}

static void call_as(int cpu, void (*fn)(void *), void *arg)
{
	struct host_cpu *victim = holders[cpu], saved = host_self;

	if (HOST_IRQ_IS_LOCK) {
		become(cpu);
		fn(arg);
	} else {
		if (victim) {
			__atomic_store_n(&victim->stop, 1, __ATOMIC_SEQ_CST);
			fence_everywhere();
			while (__atomic_load_n(&victim->irqs_off, __ATOMIC_ACQUIRE))
				host_relax();
		}
		become(cpu);
		fn(arg);
		if (victim)
			__atomic_store_n(&victim->stop, 0, __ATOMIC_RELEASE);
	}
	host_self.id = saved.id;
	host_self.percpu_offset = saved.percpu_offset;
	host_self.task = saved.task;
}

void smp_call_function_many(cpumask_t mask, void (*fn)(void *), void *arg, bool wait)
{
	int me = host_self.id;

	(void)wait;
	pthread_mutex_lock(&ipi_mutex);
	pthread_mutex_lock(&cpu_mutex);
	for (int cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (cpu != me && (mask >> cpu & 1))
			call_as(cpu, fn, arg);
	pthread_mutex_unlock(&cpu_mutex);
	pthread_mutex_unlock(&ipi_mutex);
}

void on_each_cpu(void (*fn)(void *), void *arg, bool wait)
{
	smp_call_function_many(cpu_online_mask, fn, arg, wait);
	fn(arg);
}

/* ---- Start and stop -------------------------------------------------------------------------- */

int host_cpus_start(int nr)
{
	size_t size = round_up((size_t)(__stop_tidemark_percpu - __start_tidemark_percpu), 128);

	if (nr < 1 || nr > NR_CPUS - 1)
		return -EINVAL;
	percpu_area = aligned_alloc(128, size * NR_CPUS);
	if (!percpu_area)
		return -ENOMEM;
	memset(percpu_area, 0, size * NR_CPUS);
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		__per_cpu_offset[cpu] = (unsigned long)(percpu_area + cpu * size) -
					(unsigned long)__start_tidemark_percpu;
		memcpy(percpu_area + cpu * size, __start_tidemark_percpu,
		       (size_t)(__stop_tidemark_percpu - __start_tidemark_percpu));
		cpu_tasks[cpu] = boot_task;
		snprintf(cpu_tasks[cpu].comm, TASK_COMM_LEN, "cpu%d", cpu);
		cpu_tasks[cpu].pid = cpu + 1;
	}
	nr_cpu_ids = nr;
	cpu_online_mask = cpu_possible_mask = nr == 64 ? ~0UL : (1UL << nr) - 1;
	use_membarrier = syscall(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0,
				 0) == 0;
	return 0;
}

void host_cpus_stop(void)
{
	pthread_mutex_lock(&cpu_mutex);
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		if (holders[cpu])
			__atomic_store_n(&holders[cpu]->stop, 1, __ATOMIC_SEQ_CST);
		holders[cpu] = NULL;
	}
	free(percpu_area);
	percpu_area = NULL;
	pthread_mutex_unlock(&cpu_mutex);
}

void host_service_enter(void)
{
	pthread_mutex_lock(&ipi_mutex);
	service_saved_id = host_self.stop ? -1 : host_self.id;
	become(NR_CPUS - 1);
	host_self.stop = 0;
}

void host_service_leave(void)
{
	if (service_saved_id >= 0) {
		become(service_saved_id);
	} else {
		become(0);
		host_self.stop = 1;
	}
	pthread_mutex_unlock(&ipi_mutex);
}
