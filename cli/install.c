// SPDX-License-Identifier: GPL-2.0
/* tandem install and remove: which steps there are, and whether they may be taken. step.h says what a step is. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../split/fail.h"
#include "../split/home.h"
#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "dkms.h"
#include "install.h"
#include "inventory.h"
#include "load.h"
#include "step.h"

#define SHARED "tandem"	/* the owner of what all split drivers need */
#define MAX_STEPS 32

struct request {
	const char *module, *root, *kernel;
	bool force;
	struct inventory inv;
};

struct plan {
	struct step step[MAX_STEPS];
	unsigned int count;
};

static const char *const runtime_tree[] = {
	"kernel", "logic", "include", "policy", "lib/half.h", "build/lib/libtandem-half.a",
	"dkms.conf=runtime.conf", "make-module=runtime.build", "keep=keep", NULL
};
static const char *const driver_tree[] = {
	"dkms.conf=driver.conf", "make-module=driver.build", "keep=keep", "user-halves=user-halves", NULL
};
static const char *const unit[] = { "tandem@.service", NULL };
static const char *const options[] = { "runtime.modprobe", NULL };
static const char *const starter[] = { "start-half", NULL };
/* The split driver has the stock one's version, or none as that: for DKMS reason not to install it. */
static const char *const force[] = { "force", NULL };
static const char *const modprobe[] = { "modprobe.conf", NULL };

static void usage(bool install)
{
	printf("usage: tandem %s\n\n", install ? "install MODULE [-k KERNEL] [--root DIR]" :
	       "remove MODULE|--all [--force] [--root DIR]");
	puts(install ? "Makes the split MODULE this machine's driver for good: DKMS builds it for KERNEL (default: the one\n"
	     "that runs) and those to come, and it comes up at boot. Run it again after a failure." :
	     "Takes back all that tandem install did for MODULE, however far it came. --force: also while it is\n"
	     "loaded; it then stays so until it is unloaded.");
	puts("\n  --root DIR   in the file system in DIR, not in this one\n\n"
	     "Exit status: 0 done, 1 failed on the way: do it again, or remove; 2 wrong usage, 3 it cannot be\n"
	     "done here, and nothing was changed.");
}

static bool is_module_name(const char *name)
{
	return *name && *name != '-' && strlen(name) < 56 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(name);
}

/* 0: go on; else the exit status + 1. */
static int parse(int argc, char **argv, bool install, struct request *r)
{
	static const struct option known[] = {
		{ "root", required_argument, NULL, 'r' }, { "kernelver", required_argument, NULL, 'k' },
		{ "all", no_argument, NULL, 'a' }, { "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' }, { 0 }
	};
	bool all = false;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":k:h", known, NULL)) >= 0) {
		if (c == 'h')
			return usage(install), 1;
		if (c == ':')
			return complain_usage("%s: %s needs a value", argv[0], argv[optind - 1]) + 1;
		if (c == 'r')
			r->root = optarg;
		else if (c == 'k' && install)
			r->kernel = optarg;
		else if (c == 'a' && !install)
			all = true;
		else if (c == 'f' && !install)
			r->force = true;
		else
			return complain_usage("%s: unknown option %s", argv[0], argv[optind - 1]) + 1;
	}
	if (all ? optind < argc : optind + 1 != argc)
		return complain_usage("%s: name one module%s", argv[0], install ? "" : ", or --all") + 1;
	r->module = all ? NULL : argv[optind];
	if (!all && (!is_module_name(r->module) || !strcmp(r->module, SHARED)))
		return complain_usage("%s: %s is not a driver's name: modinfo knows these", argv[0],
				      r->module) + 1;
	if (strchr(r->kernel, '/') || strchr(r->kernel, ' ') || !*r->kernel)
		return complain_usage("%s: %s is not a kernel's release: uname -r", argv[0], r->kernel) + 1;
	return 0;
}

/* ---- whether it can be done ---- */

/* Is @module in the list @file of kernel @r->kernel? */
static bool is_listed(const struct request *r, const char *file)
{
	char *path = text_format("%s/lib/modules/%s/%s", r->inv.root, r->kernel, file);
	char *text = text_file(path, NULL), *rest = text, *line;
	size_t n = strlen(r->module);
	bool found = false;

	while (rest && !found && (line = strsep(&rest, "\n"))) {
		char *name = line + strcspn(line, ":");

		while (name > line && name[-1] != '/')
			name--;
		found = strlen(name) > n && !strncmp(name + n, ".ko", 3);
		for (size_t i = 0; found && i < n; i++)
			found = name[i] == r->module[i] || (strchr("-_", name[i]) && strchr("-_", r->module[i]));
	}
	free(text);
	free(path);
	return found;
}

static int check_kernel(const struct request *r)
{
	char *modules = text_format("%s/lib/modules/%s", r->inv.root, r->kernel);
	char *build = text_format("%s/build/include/config/kernel.release", modules);
	int e = 0;

	if (!run_is_dir(modules))
		e = complain("no kernel %s in %s/lib/modules: name another with -k", r->kernel, r->inv.root);
	else if (!run_is_file(build))
		e = complain("no headers of kernel %s: apt install linux-headers-%s", r->kernel, r->kernel);
	else if (is_listed(r, "modules.builtin"))
		e = complain("%s is built into kernel %s: only a module can be replaced", r->module, r->kernel);
	else if (!is_listed(r, "modules.dep"))
		e = complain("kernel %s has no module %s: modinfo -k %s %s", r->kernel, r->module, r->kernel,
			     r->module);
	free(build);
	free(modules);
	return e;
}

/* What is there and was not made by us is not touched; it need be asked only for what is not ours yet. */
static int check_foreign(struct request *r, const struct plan *p)
{
	int e = 0;

	for (unsigned int i = 0; i < p->count && !e; i++) {
		const struct step *s = &p->step[i];
		char *path = text_format("%s/%s", r->inv.root, s->what), *end;

		if (!strcmp(s->kind, "dkms")) {
			free(path);
			path = text_format("%s/var/lib/dkms/%s", r->inv.root, s->what);
			end = strrchr(path, '/');
			*end = 0;	/* the kernel, then the version */
			*strrchr(path, '/') = 0;
		}
		if (strcmp(s->kind, "dir") && strcmp(s->kind, "settle") && !access(path, F_OK) &&
		    !inventory_find(&r->inv, s->owner, s->kind, s->what) &&
		    (strcmp(s->kind, "dkms") || !inventory_has(&r->inv, s->owner)))
			e = complain("%s is there, and not from tandem install: move it away", path);
		free(path);
	}
	return e;
}

/* Another version's files have other names. */
static int check_version(struct request *r)
{
	char *mine = text_format("usr/src/" SHARED "-%s", TANDEM_VERSION);
	int e = 0;

	for (unsigned int i = 0; i < r->inv.count && !e; i++) {
		const struct entry *x = &r->inv.entry[i];

		if (!x->gone && !strcmp(x->owner, SHARED) && !strcmp(x->kind, "tree") && strcmp(x->what, mine))
			e = complain("another version is installed (%s): tandem remove --all first", x->what);
	}
	free(mine);
	return e;
}

/* ---- what is to be done ---- */

static void add(struct plan *p, const char *owner, const char *kind, const char *const *from, char *what)
{
	p->step[p->count++] = (struct step){ owner, kind, what, from };
}

/* A folder is ours if it was not there. */
static void add_dir(struct plan *p, struct request *r, const char *path)
{
	char *full = text_format("%s/%s", r->inv.root, path);

	if (!run_is_dir(full) || inventory_find(&r->inv, SHARED, "dir", path))
		add(p, SHARED, "dir", NULL, text_dup(path));
	free(full);
}

/*
 * In the order in which it is done; taking back goes the other way. DKMS is last: without a module of its own
 * all the others have no effect.
 */
static void make_plan(struct plan *p, struct request *r)
{
	static const char *const dirs[] = { "etc/systemd", "etc/systemd/system", "etc/modprobe.d", "usr/src", "usr/lib/tandem",
					    "usr/lib/tandem/halves", "usr/share", "usr/share/dkms",
					    "usr/share/dkms/modules_to_force_install", "var/cache" };
	const char *m = r->module, *k = r->kernel;

	p->count = 0;
	add(p, m, "settle", NULL, text_dup(k));
	add(p, SHARED, "settle", NULL, text_dup("-"));	/* no kernel's initramfs */
	for (unsigned int i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		add_dir(p, r, dirs[i]);
	add(p, SHARED, "cache", NULL, text_dup("var/cache/tandem"));
	add(p, SHARED, "tree", runtime_tree, text_format("usr/src/" SHARED "-%s", TANDEM_VERSION));
	add(p, SHARED, "file", unit, text_dup("etc/systemd/system/tandem@.service"));
	add(p, SHARED, "file", starter, text_dup("usr/lib/tandem/start-half"));
	add(p, SHARED, "file", options, text_dup("etc/modprobe.d/tandem.conf"));
	add(p, SHARED, "dkms", NULL, text_format(SHARED "/%s/%s", TANDEM_VERSION, k));
	add(p, m, "tree", driver_tree, text_format("usr/src/tandem-%s-%s", m, TANDEM_VERSION));
	add(p, m, "file", modprobe, text_format("etc/modprobe.d/tandem-%s.conf", m));
	add(p, m, "file", force, text_format("usr/share/dkms/modules_to_force_install/tandem-%s", m));
	add(p, m, "dkms", NULL, text_format("tandem-%s/%s/%s", m, TANDEM_VERSION, k));
}

static void forget_plan(struct plan *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		free(p->step[i].what);
}

/* A file may also differ from what this tandem would write. */
static bool is_done(struct request *r, const struct step *s, const struct step_names *names)
{
	struct entry *x = inventory_find(&r->inv, s->owner, s->kind, s->what);
	char *text, *note;
	bool done;

	if (!x || !x->note || step_state(r->inv.root, x) != STEP_OK)
		return false;
	if (!s->from || strcmp(s->kind, "file"))
		return true;
	text = step_text(s->from[0], names);
	note = text ? step_text_note(text) : NULL;
	done = note && !strcmp(note, x->note);
	free(note);
	free(text);
	return done;
}

static int write_failed(const struct request *r, int error)
{
	return complain("cannot write %s: %s: mend that and do it again", r->inv.path, strerror(-error));
}

static int take(struct request *r, const struct step *s, const struct step_names *names)
{
	struct entry *x = inventory_find(&r->inv, s->owner, s->kind, s->what);
	char *note = NULL;
	int e;

	if (x && !strcmp(s->kind, "dkms") && (e = dkms_forget(r->inv.root, s->what)))
		return e;
	e = inventory_begin(&r->inv, s->owner, s->kind, s->what);
	if (e)
		return write_failed(r, e);
	e = step_do(r->inv.root, s, names, &note);
	if (!e) {
		if (!strcmp(s->kind, "tree") || !strcmp(s->kind, "dkms"))
			syncfs(r->inv.lock);	/* the step before its mark */
		e = inventory_done(&r->inv, s->owner, s->kind, s->what, note);
		e = e ? write_failed(r, e) : 0;
	}
	free(note);
	return e;
}

/* Before anything of @owner changes: so it is done again after it, and taken back last. */
static int unsettle(struct request *r, const struct plan *p, const char *owner)
{
	for (unsigned int i = 0; i < p->count; i++) {
		const struct step *s = &p->step[i];
		struct entry *x;
		int e;

		if (strcmp(s->owner, owner) || strcmp(s->kind, "settle"))
			continue;
		x = inventory_find(&r->inv, s->owner, s->kind, s->what);
		e = x && !x->note ? 0 : inventory_begin(&r->inv, s->owner, s->kind, s->what);
		if (e)
			return write_failed(r, e);
	}
	return 0;
}

static int follow(struct request *r, const struct plan *p, const struct step_names *names)
{
	int e = 0;

	for (unsigned int i = 0; i < p->count && !e; i++) {
		const struct step *s = &p->step[i];

		if (is_done(r, s, names))
			continue;
		e = unsettle(r, p, s->owner);
		if (!e && strcmp(s->kind, "settle"))
			e = take(r, s, names);
	}
	for (unsigned int i = 0; i < p->count && !e; i++) {
		const struct step *s = &p->step[i];
		struct entry *x = inventory_find(&r->inv, s->owner, s->kind, s->what);

		if (!strcmp(s->kind, "settle") && x && !x->note)
			e = take(r, s, names);
	}
	return e;
}

static char *own_program(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n < 0 ? 0 : n] = 0;
	return text_dup(exe);
}

static void say_installed(const struct request *r)
{
	printf("%s is installed split for kernel %s and those to come", r->module, r->kernel);
	if (!*r->inv.root && load_is_loaded(r->module))
		printf("; it is loaded as it was before: reboot, or modprobe -r %s and modprobe %s", r->module,
		       r->module);
	puts("");
}

static int install(struct request *r, const struct step_names *names)
{
	struct plan p;
	int e = 0;

	if (!dkms_is_there())
		e = complain("dkms is not in PATH: apt install dkms, and be root as su - makes it");
	if (e || check_kernel(r) || check_version(r))
		return EXIT_REFUSED;
	make_plan(&p, r);
	e = check_foreign(r, &p) ? EXIT_REFUSED : follow(r, &p, names);
	forget_plan(&p);
	if (!e)
		say_installed(r);
	return e;
}

int command_install(int argc, char **argv)
{
	struct utsname running;
	struct request r = { .root = "/" };
	struct step_names names = { .version = TANDEM_VERSION };
	int e;

	uname(&running);
	r.kernel = running.release;
	e = parse(argc, argv, true, &r);
	if (e)
		return e - 1;
	names.home = home_dir();
	if (!names.home)
		return complain("%s", fail_text()), EXIT_REFUSED;
	names.module = r.module;
	names.tandem = own_program();
	umask(022);
	e = inventory_open(&r.inv, r.root);
	if (!e)
		e = inventory_lock(&r.inv);
	if (!e)
		e = install(&r, &names);
	inventory_close(&r.inv);
	free(names.tandem);
	return e;
}

/* ---- taking back ---- */

static int undo(struct request *r, const char *owner)
{
	int e = 0;

	for (unsigned int i = r->inv.count; i-- && !e;) {
		struct entry *x = &r->inv.entry[i];

		if (x->gone || (owner && strcmp(x->owner, owner)))
			continue;
		e = step_undo(r->inv.root, x);
		if (!e)
			inventory_gone(&r->inv, x);	/* on a full disk: it will be found gone */
	}
	return e;
}

static bool others_are_there(struct request *r)
{
	for (unsigned int i = 0; i < r->inv.count; i++)
		if (!r->inv.entry[i].gone && strcmp(r->inv.entry[i].owner, SHARED))
			return true;
	return false;
}

static int check_use(const struct request *r)
{
	for (unsigned int i = 0; i < r->inv.count && !*r->inv.root && !r->force; i++) {
		const struct entry *x = &r->inv.entry[i];

		if (!x->gone && (!r->module || !strcmp(x->owner, r->module)) && load_runs_split(x->owner))
			return complain("%s is in use, split: modprobe -r %s first, or remove it with --force and "
					"reboot", x->owner, x->owner);
	}
	return 0;
}

static int take_back(struct request *r)
{
	int e;

	/* what all share may be left of one that was interrupted */
	if (!inventory_has(&r->inv, r->module) && (others_are_there(r) || !inventory_has(&r->inv, SHARED))) {
		if (r->module)
			return complain("%s is not installed: see tandem status", r->module), EXIT_REFUSED;
		puts("nothing is installed");
		return EXIT_SUCCESS;
	}
	if (check_use(r))
		return EXIT_REFUSED;
	e = undo(r, r->module ? r->module : NULL);
	if (!e && !others_are_there(r))
		e = undo(r, SHARED);
	if (!e)
		printf("%s removed\n", r->module ? r->module : "all split drivers are");
	return e;
}

int command_remove(int argc, char **argv)
{
	struct request r = { .root = "/", .kernel = "-" };
	int e = parse(argc, argv, false, &r);

	if (e)
		return e - 1;
	e = inventory_open(&r.inv, r.root);
	if (!e)
		e = inventory_lock(&r.inv);
	if (!e)
		e = take_back(&r);
	inventory_close(&r.inv);
	return e;
}
