// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of the lab's guest: mounts what the host shares, does what /lab/config says,
 * runs the command in /lab/argv and reports its status. It never starts a shell of its
 * own: whatever goes wrong ends the guest with a reason in /lab/status.
 *
 * config, one verb a line:
 *   env NAME VALUE               for the command's environment
 *   insmod PATH [PARAMETERS]     load a module file
 *   stock MODULE                 modprobe from the distribution's modules
 *   split MODULE FOLDER          start FOLDER/MODULE-user, then load FOLDER/MODULE.ko
 *   by-hand                      drivers loaded from here on take no device by themselves
 *   bind SLOT N                  gives PCI slot SLOT to the N-th driver that was loaded
 *   nic N SLOT ADDRESS/LEN PEER  wait for the netdev of PCI slot SLOT, bring it up
 *   quiet                        the command's output stays in memory until it has ended
 *   scan                         at the end, print what kmemleak and the DMA checker hold
 *   counts                       at the end, leave what gcov has counted in /lab/counts
 *
 * status: "rc N" or "fail REASON". The exit port gets the low bits; the host reads the file.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_PORT	0x501
#define READY_MS	10000	/* a user half says "ready" */
#define NETDEV_MS	20000	/* a NIC appears, and has a link */
#define LEAK_AGE_S	6	/* kmemleak reports nothing younger than five seconds */

#define PCI_DRIVERS	"/sys/bus/pci/drivers"
#define LOADED_MAX	8

static char loaded[LOADED_MAX][64];	/* names of PCI drivers, in the order of loading */
static int nloaded;
static bool quiet;
static bool scan;
static bool counts;

static bool may_exit;	/* by the port: asked for before a command locks the kernel down */

static void end_guest(int rc)
{
	sync();
	if (may_exit)
		outb(rc & 0x7f, EXIT_PORT);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)	/* a checker that this kernel does not have */
		return;
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "init: %s: %s\n", path, strerror(errno));
	fsync(fd);
	close(fd);
}

__attribute__((format(printf, 1, 2), noreturn))
static void fail(const char *format, ...)
{
	char why[500], text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "fail %s\n", why);
	fputs(text, stderr);
	write_file("/lab/status", text);
	end_guest(1);
	abort();
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void mount_or_fail(const char *what, const char *where, const char *type,
			  unsigned long flags, const char *options)
{
	mkdir(where, 0755);
	if (mount(what, where, type, flags, options))
		fail("mount %s on %s: %s", what, where, strerror(errno));
}

/* Whole file, NUL after it; NULL if there is none. */
static char *read_file(const char *path, size_t *size)
{
	size_t room = 4096, used = 0;
	char *text = malloc(room);
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0) {
		free(text);
		return NULL;
	}
	while ((n = read(fd, text + used, room - used - 1)) > 0) {
		used += n;
		if (room - used < 2) {
			char *more = realloc(text, room *= 2);

			if (!more)
				fail("no memory");
			text = more;
		}
	}
	close(fd);
	text[used] = 0;
	if (size)
		*size = used;
	return text;
}

static int insmod(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, parameters, 0))
		rc = errno;
	close(fd);
	return rc;
}

/* The modules without which nothing of the host can be reached, in their order. */
static void load_first_modules(void)
{
	char *list = read_file("/modules.list", NULL);
	char *save, *path;
	int rc;

	if (!list)
		return;
	for (path = strtok_r(list, "\n", &save); path; path = strtok_r(NULL, "\n", &save)) {
		rc = insmod(path, "");
		if (rc && rc != EEXIST)
			fail("%s: %s", path, strerror(rc));
	}
	free(list);
}

static void mount_share(const char *tag, const char *where, unsigned long flags)
{
	mount_or_fail(tag, where, "9p", flags,
		      flags & MS_RDONLY ? "trans=virtio,version=9p2000.L,msize=512000,cache=loose"
					: "trans=virtio,version=9p2000.L,msize=512000");
}

static void mount_kernel_filesystems(void)
{
	mount_or_fail("proc", "/proc", "proc", 0, NULL);
	mount_or_fail("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount_or_fail("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
	mount_or_fail("shm", "/dev/shm", "tmpfs", 0, NULL);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, NULL);
	mount("fusectl", "/sys/fs/fuse/connections", "fusectl", 0, NULL);
}

/* The Debian tree, read-only, under a writable layer that dies with the guest. */
static void enter_root(void)
{
	static const char *const moved[] = { "/dev", "/lab" };
	char to[64];
	size_t i;

	mount_or_fail("/dev/vda", "/lower", "squashfs", MS_RDONLY, NULL);
	mount_or_fail("tmpfs", "/rw", "tmpfs", 0, NULL);
	mkdir("/rw/upper", 0755);
	mkdir("/rw/work", 0755);
	mount_or_fail("overlay", "/root", "overlay", 0,
		      "lowerdir=/lower,upperdir=/rw/upper,workdir=/rw/work");
	for (i = 0; i < sizeof(moved) / sizeof(*moved); i++) {
		snprintf(to, sizeof(to), "/root%s", moved[i]);
		mkdir(to, 0755);
		if (mount(moved[i], to, NULL, MS_MOVE, NULL))
			fail("move %s: %s", moved[i], strerror(errno));
	}
	if (chdir("/root") || mount("/root", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fail("enter the root file system: %s", strerror(errno));
	mount_kernel_filesystems();
	mount_or_fail("run", "/run", "tmpfs", 0, NULL);
	mount_or_fail("tmp", "/tmp", "tmpfs", 0, NULL);
	mount_share("out", "/out", 0);
	mount_share("build", "/tandem", MS_RDONLY);
	mount_share("modules", "/usr/lib/modules", MS_RDONLY);
}

static int open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

/* Starts @argv with its output in the two files; returns its pid. */
static pid_t start(char *const argv[], const char *out, const char *err)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	setsid();
	fd = open_log(out);
	dup2(fd, 1);
	dup2(strcmp(out, err) ? open_log(err) : fd, 2);
	fd = open("/dev/null", O_RDONLY);
	if (fd >= 0)
		dup2(fd, 0);
	closefrom(3);
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Reaps orphans until @pid has ended; its shell-like status. */
static int wait_for(pid_t pid)
{
	int status;
	pid_t got;

	for (;;) {
		got = waitpid(-1, &status, 0);
		if (got < 0 && errno != EINTR)
			fail("waitpid: %s", strerror(errno));
		if (got == pid)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

__attribute__((format(printf, 1, 2)))
static int run(const char *format, ...)
{
	char line[512], *argv[32], *save;
	int n = 0;
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	argv[0] = strtok_r(line, " ", &save);
	while (n < 31 && argv[n])
		argv[++n] = strtok_r(NULL, " ", &save);
	argv[n] = NULL;
	if (!argv[0])
		fail("an empty command");
	return wait_for(start(argv, "/lab/setup.log", "/lab/setup.log"));
}

/* Is this driver one of those that were there before? @seen holds their names, each with a / after it. */
static bool was_there(const char *seen, const char *name)
{
	char key[NAME_MAX + 3];

	snprintf(key, sizeof(key), "/%s/", name);
	return strstr(seen, key);
}

static char *list_drivers(void)
{
	char *text = NULL;
	size_t bytes;
	FILE *list = open_memstream(&text, &bytes);
	DIR *dir = opendir(PCI_DRIVERS);
	struct dirent *d;

	if (!list)
		fail("no memory");
	fputc('/', list);
	while (dir && (d = readdir(dir)))
		fprintf(list, "%s/", d->d_name);
	if (dir)
		closedir(dir);
	if (fclose(list))
		fail("no memory");
	return text;
}

/* Remembers the PCI driver that has come since @before; a module that registers none has none. */
static void note_driver(char *before)
{
	DIR *dir = opendir(PCI_DRIVERS);
	struct dirent *d;

	if (nloaded == LOADED_MAX)
		fail("more than %d drivers", LOADED_MAX);
	while (dir && (d = readdir(dir)))
		if (!was_there(before, d->d_name))
			snprintf(loaded[nloaded], sizeof(loaded[0]), "%.63s", d->d_name);
	nloaded++;
	if (dir)
		closedir(dir);
	free(before);
}

static void bind_device(const char *slot, int n)
{
	char path[128], driver[PATH_MAX];

	if (n < 1 || n > nloaded || !*loaded[n - 1])
		fail("slot %s: driver %d registered with no bus", slot, n);
	snprintf(path, sizeof(path), PCI_DRIVERS "/%s/bind", loaded[n - 1]);
	snprintf(driver, sizeof(driver), "0000:00:%s.0", slot);
	write_file(path, driver);
}

static void load_stock(const char *module)
{
	int rc = run("modprobe %s", module);

	if (rc)
		fail("modprobe %s: status %d (see setup.log)", module, rc);
}

/* Waits until the user half that writes to @log has said that it is ready. */
static void wait_ready(pid_t pid, const char *log, const char *name)
{
	long end = now_ms() + READY_MS;
	bool ready = false;
	char *text;
	int status;

	while (!ready) {
		text = read_file(log, NULL);
		ready = text && (!strncmp(text, "ready\n", 6) || strstr(text, "\nready\n"));
		free(text);
		if (ready)
			return;
		if (waitpid(pid, &status, WNOHANG) == pid)
			fail("%s-user ended with status %#x before it was ready", name, status);
		if (now_ms() > end)
			fail("%s-user did not say ready within %d ms", name, READY_MS);
		sleep_ms(10);
	}
}

/* What a split module needs of the distribution's, as modprobe finds out for the stock one. */
static void load_depends(const char *object)
{
	static const char word[] = "\0depends=";
	size_t size;
	char *file = read_file(object, &size), *save, *name;
	char *list = file ? memmem(file, size, word, sizeof(word) - 1) : NULL;

	name = list ? strtok_r(list + sizeof(word) - 1, ",", &save) : NULL;
	for (; name; name = strtok_r(NULL, ",", &save))
		if (strcmp(name, "tandem"))
			load_stock(name);
	free(file);
}

/*
 * In counting mode the clock of an idle guest jumps to its next timer, and the kernel half's wait
 * for a user half that still comes from the disk would be over at once. While this child lives,
 * no CPU is idle.
 */
static pid_t stay_awake(void)
{
	struct sched_param param = { 0 };
	pid_t pid = quiet ? fork() : -1;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sched_setscheduler(0, SCHED_IDLE, &param);
	for (;;)
		;
}

static void may_sleep(pid_t pid)
{
	if (pid < 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void load_split(const char *module, const char *folder)
{
	char user[256], object[256], log[128], err[128];
	char *argv[] = { user, NULL };
	pid_t pid, awake;
	int rc;

	snprintf(user, sizeof(user), "%s/%s/%s-user", folder, module, module);
	snprintf(object, sizeof(object), "%s/%s/%s.ko", folder, module, module);
	snprintf(log, sizeof(log), "/lab/%s-user.out", module);
	snprintf(err, sizeof(err), "/lab/%s-user.err", module);
	load_depends(object);
	/* the module's init waits for the user half, whose attach waits for the module */
	pid = start(argv, log, err);
	awake = stay_awake();
	rc = insmod(object, "");
	may_sleep(awake);
	if (rc == EINVAL || rc == ENOENT || rc == ESTALE || rc == EPROTONOSUPPORT)
		fail("insmod %s: its halves and tandem.ko are from different builds: run lab/halves", object);
	if (rc)
		fail("insmod %s: %s", object, strerror(rc));
	wait_ready(pid, log, module);
}

/* The name of the network interface of a PCI slot, once it is there. */
static void find_netdev(const char *slot, char *name, size_t size)
{
	long end = now_ms() + NETDEV_MS;
	char path[128];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/0000:00:%s.0/net", slot);
	for (;;) {
		dir = opendir(path);
		while (dir && (d = readdir(dir))) {
			if (d->d_name[0] == '.')
				continue;
			snprintf(name, size, "%s", d->d_name);
			closedir(dir);
			return;
		}
		if (dir)
			closedir(dir);
		if (now_ms() > end)
			fail("no network interface at PCI slot %s: did the driver bind?", slot);
		sleep_ms(20);
	}
}

static void wait_carrier(const char *name)
{
	long end = now_ms() + NETDEV_MS;
	char path[NAME_MAX + 32], *text;
	bool up = false;

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", name);
	while (!up) {
		text = read_file(path, NULL);
		up = text && text[0] == '1';
		free(text);
		if (now_ms() > end)
			fail("%s: no link", name);
		if (!up)
			sleep_ms(20);
	}
}

static void set_numbered(const char *name, const char *number, const char *value)
{
	char variable[32];

	snprintf(variable, sizeof(variable), "%s%s", name, strcmp(number, "1") ? number : "");
	setenv(variable, value, 1);
}

static void bring_up_nic(const char *number, const char *slot, const char *address,
			 const char *peer)
{
	char name[NAME_MAX + 1];

	find_netdev(slot, name, sizeof(name));
	if (run("ip addr add %s dev %s", address, name) || run("ip link set %s up", name))
		fail("%s: cannot be configured (see setup.log)", name);
	wait_carrier(name);
	set_numbered("NIC", number, name);
	set_numbered("PEER", number, peer);
}

static void load_file(char *arguments)
{
	char *path = strsep(&arguments, " ");
	int rc = insmod(path, arguments ? arguments : "");

	if (rc)
		fail("insmod %s: %s", path, strerror(rc));
}

static void obey(char *line)
{
	char *word[6] = { NULL }, *before;
	int n = 0;

	if (!strncmp(line, "insmod ", 7)) {
		load_file(line + 7);
		return;
	}
	while (n < 5 && (word[n] = strsep(&line, " ")))
		n++;
	if (!n)
		return;
	if (!strcmp(word[0], "quiet")) {
		quiet = true;
	} else if (!strcmp(word[0], "env") && n == 3) {
		setenv(word[1], word[2], 1);
	} else if (!strcmp(word[0], "scan")) {
		scan = true;
	} else if (!strcmp(word[0], "counts")) {
		counts = true;
	} else if (!strcmp(word[0], "by-hand")) {
		write_file("/sys/bus/pci/drivers_autoprobe", "0");
	} else if (!strcmp(word[0], "bind") && n == 3) {
		bind_device(word[1], atoi(word[2]));
	} else if (!strcmp(word[0], "stock") && n == 2) {
		before = list_drivers();
		load_stock(word[1]);
		note_driver(before);
	} else if (!strcmp(word[0], "split") && n == 3) {
		before = list_drivers();
		load_split(word[1], word[2]);
		note_driver(before);
	} else if (!strcmp(word[0], "nic") && n == 5) {
		bring_up_nic(word[1], word[2], word[3], word[4]);
	} else {
		fail("config: cannot read '%s'", word[0]);
	}
}

static void obey_config(void)
{
	char *text = read_file("/lab/config", NULL);
	char *save, *line;

	if (!text)
		fail("/lab/config: %s", strerror(errno));
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		obey(line);
	write_file("/sys/bus/pci/drivers_autoprobe", "1");
	free(text);
}

static void copy(const char *from, const char *to)
{
	size_t size = 0;
	char *text = read_file(from, &size);
	int fd;

	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	for (size_t at = 0; text && fd >= 0 && at < size;) {
		ssize_t n = write(fd, text + at, size - at);

		if (n <= 0)
			break;
		at += n;
	}
	if (fd >= 0)
		close(fd);
	free(text);
}

static int run_command(void)
{
	const char *out = quiet ? "/run/stdout" : "/lab/stdout";
	const char *err = quiet ? "/run/stderr" : "/lab/stderr";
	char *argv[256], *text, *at;
	size_t size;
	int n = 0, rc;

	text = read_file("/lab/argv", &size);
	for (at = text; text && at < text + size && n < 255; at += strlen(at) + 1)
		argv[n++] = at;
	argv[n] = NULL;
	if (!n)
		fail("no command");
	write_file("/lab/started", "");
	rc = wait_for(start(argv, out, err));
	if (quiet) {
		copy(out, "/lab/stdout");
		copy(err, "/lab/stderr");
	}
	return rc;
}

/* What only speaks when it is asked: leaks go to the console, where the host looks. */
static void ask_checkers(void)
{
	const char *leaks = "/sys/kernel/debug/kmemleak";
	char *text;

	if (access(leaks, W_OK))
		return;
	write_file(leaks, "scan");
	sleep(LEAK_AGE_S);
	write_file(leaks, "scan");
	text = read_file(leaks, NULL);
	if (text && *text)
		fprintf(stderr, "%s\n", text);
	free(text);
	copy("/sys/kernel/debug/dma-api/dump", "/lab/dma-dump");
	copy(leaks, "/lab/kmemleak");
}

int main(void)
{
	char status[32];
	int rc;

	mkdir("/dev", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	rc = open("/dev/console", O_RDWR);
	for (int fd = 0; rc >= 0 && fd < 3; fd++)
		dup2(rc, fd);
	setvbuf(stderr, NULL, _IOLBF, 0);
	may_exit = !ioperm(EXIT_PORT, 1, 1);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("LANG", "C.UTF-8", 1);
	if (getpid() != 1)
		return 1;

	load_first_modules();
	mount_share("lab", "/lab", 0);
	enter_root();
	/* Off until here (command line): the boot has races of its own. */
	write_file("/sys/kernel/debug/kcsan", "on");
	if (sethostname("lab", 3) || run("ip link set lo up"))
		fprintf(stderr, "init: no loopback\n");
	obey_config();
	rc = run_command();
	if (scan)
		ask_checkers();
	/* Modules that have been unloaded are there, too. */
	if (counts && run("cp -r /sys/kernel/debug/gcov /lab/counts"))
		fail("no counts of gcov");
	snprintf(status, sizeof(status), "rc %d\n", rc);
	write_file("/lab/status", status);
	end_guest(rc);
	return 0;
}
