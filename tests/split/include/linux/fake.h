/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel as the splitter's test inputs know it; env.c is its body. */
#ifndef FAKE_H
#define FAKE_H

typedef unsigned int u32;
typedef unsigned char u8;
typedef struct spinlock { int held; } spinlock_t;
struct mutex { int held; };

void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
int spin_trylock(spinlock_t *lock);
unsigned long save_irq(spinlock_t *lock);
void restore_irq(spinlock_t *lock, unsigned long flags);
void mutex_lock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);

/* Something that a test sees happen. */
void kernel_event(const char *what, long value);
int kernel_work(int n);

/* Takes its lock until the variable goes out of scope. */
struct held { spinlock_t *lock; };
static inline struct held held_begin(spinlock_t *lock)
{
	struct held held = { lock };

	spin_lock(lock);
	return held;
}
static inline void held_end(struct held *held)
{
	spin_unlock(held->lock);
}
#define hold(lock) struct held held __attribute__((cleanup(held_end))) = held_begin(lock)
#define held_scope(lock) for (struct held held __attribute__((cleanup(held_end))) = held_begin(lock), *once = &held; once; once = 0)

struct file;
struct file_operations {
	const char *name;
	int (*open)(struct file *file);
	int (*ioctl)(struct file *file, int command);
	void (*irq)(int number);
	void (*odd)(int number);
	int (*read)(struct file *file, void *to, int bytes);
};
int register_file(const struct file_operations *ops);
int request_irq(int number, void (*handler)(int number));
int request_odd(void (*handler)(int number));
void *take_many(int n, int bytes);
void *take_one(int bytes);
void give_one(void *memory);
void *take_two(int bytes);
void give_two(void *memory);
int run_work(void (*work)(int number));

#endif
