// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../split/fail.h"
#include "../split/run.h"
#include "../split/text.h"
#include "command.h"
#include "dkms.h"

#define TREE "var/lib/dkms"

struct name {
	char *name, *version, *kernel;
};

static struct name parse(const char *what)
{
	const char *version = strchr(what, '/') + 1, *kernel = strchr(version, '/') + 1;

	return (struct name){ text_format("%.*s", (int)(version - what - 1), what),
			      text_format("%.*s", (int)(kernel - version - 1), version), text_dup(kernel) };
}

static void forget(struct name *n)
{
	free(n->name);
	free(n->version);
	free(n->kernel);
}

bool dkms_is_there(void)
{
	const char *path = getenv("PATH");
	char *all = text_dup(path ? path : ""), *rest = all, *dir;
	bool found = false;

	while (!found && (dir = strsep(&rest, ":"))) {
		char *program = text_format("%s/dkms", dir);

		found = *dir && !access(program, X_OK);
		free(program);
	}
	free(all);
	return found;
}

/*
 * dkms ACTION -m NAME -v VERSION [-k KERNEL, or --all]; what it prints is @said. Its status, or -errno.
 */
static int run(const char *root, const char *action, const struct name *n, const char *kernel, char **said)
{
	int memory = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), status;
	char *log = text_format("/proc/%d/fd/%d", getpid(), memory);
	char *source = text_format("%s/usr/src", root), *tree = text_format("%s/" TREE, root);
	char *install = text_format("%s/lib/modules", root);
	const char *argv[20] = { "dkms", action, "-m", n->name, "-v", n->version };
	unsigned int c = 6;

	if (kernel)
		argv[c++] = "-k";
	argv[c++] = kernel ? kernel : "--all";
	if (!strcmp(action, "install"))
		argv[c++] = "--force-version-override";
	if (*root) {
		const char *const places[] = { "--sourcetree", source, "--dkmstree", tree,
					       "--installtree", install, "--no-depmod" };

		memcpy(argv + c, places, sizeof(places));
	}
	status = run_program(argv, "/", log);
	*said = text_file(log, NULL);
	if (!*said)
		*said = text_dup("");
	close(memory);
	free(install);
	free(tree);
	free(source);
	free(log);
	return status;
}

/* In another root DKMS does not know whose modules it has changed; in ours it may have been killed before. */
static void depmod(const char *root, const char *kernel)
{
	char *base = text_format("%s/", root), *modules = text_format("%s/lib/modules/%s/modules.dep", root, kernel);
	const char *const argv[] = { "depmod", "-b", base, kernel, NULL };

	if (run_is_file(modules))
		run_program(argv, NULL, "/dev/null");
	free(modules);
	free(base);
}

/* What all that DKMS installs for this kernel has in common with @pattern. */
static bool is_there(const char *root, const char *pattern, const char *kernel, const char *module)
{
	char *below = text_format(pattern, kernel, module), *path = text_format("%s/%s", root, below);
	glob_t found;
	bool yes = !glob(path, 0, NULL, &found);

	if (yes)
		globfree(&found);
	free(path);
	free(below);
	return yes;
}

/* "tandem-MODULE", or "tandem" for the runtime, which is a module itself and has no user half */
static const char *module_of(const struct name *n)
{
	return strncmp(n->name, "tandem-", 7) ? n->name : n->name + 7;
}

/* DKMS believes its links; the files are looked at here. */
bool dkms_is_installed(const char *root, const char *what)
{
	struct name n = parse(what);
	const char *module = module_of(&n);
	char *said;
	bool yes = is_there(root, "lib/modules/%s/updates/dkms/%s.ko*", n.kernel, module) &&
		   (module == n.name || is_there(root, "usr/lib/tandem/halves/%s/%s-user", n.kernel, module));

	if (yes) {
		/* "NAME/VERSION, KERNEL, ARCH: installed", with a remark behind it perhaps */
		yes = !run(root, "status", &n, n.kernel, &said) && strstr(said, ": installed");
		free(said);
	}
	forget(&n);
	return yes;
}

static char *last_line(char *text)
{
	char *last = NULL, *line;

	while ((line = strsep(&text, "\n")))
		if (*line && strspn(line, " .") != strlen(line))
			last = line;
	return last;
}

/* Why it failed: what the splitter or a compiler has said, else DKMS's own last words. */
static int report(const char *root, const struct name *n, const char *action, char *said)
{
	char *log = text_format("%s/" TREE "/%s/%s/build/make.log", root, n->name, n->version);
	char *text = text_file(log, NULL), *at = text, *next, *why = NULL;

	while (at && (next = strstr(at, "tandem: ")))
		at = next + strlen("tandem: ");
	if (at && at != text)
		why = text_format("%.*s", (int)strcspn(at, "\n"), at);
	else if (text)
		why = run_first_error(log);
	at = why ? why : last_line(said);
	complain("dkms cannot %s %s/%s for kernel %s: %s%s%s%s; then again, or tandem remove", action, n->name,
		 n->version, n->kernel, at ? at : "it says nothing", text ? " (all messages: " : "",
		 text ? log : "", text ? ")" : "");
	free(why);
	free(text);
	free(log);
	return EXIT_FAILURE;
}

/* DKMS links to its source by a path that is right in the root only if the root is ours. */
static void make_link(const char *root, const struct name *n)
{
	char *link = text_format("%s/" TREE "/%s/%s/source", root, n->name, n->version);
	char *to = text_format("../../../../../usr/src/%s-%s", n->name, n->version);

	if (*root && !unlink(link) && symlink(to, link))
		complain("cannot link %s: %s", link, strerror(errno));
	free(to);
	free(link);
}

int dkms_install(const char *root, const char *what)
{
	struct name n = parse(what);
	char *said = NULL, *link = text_format("%s/" TREE "/%s/%s/source", root, n.name, n.version);
	const char *action = "add";
	int e = 0;

	if (access(link, F_OK)) {
		unlink(link);	/* it leads to nowhere */
		e = run(root, action, &n, n.kernel, &said);
	}
	if (!e) {
		free(said);
		make_link(root, &n);
		action = "install";
		e = run(root, action, &n, n.kernel, &said);
	}
	if (!e) {
		depmod(root, n.kernel);
		if (!dkms_is_installed(root, what))
			e = complain("dkms has not installed %s: see dkms status %s", what, n.name);
	} else if (e < 0) {
		e = complain("%s", fail_text());
	} else {
		e = report(root, &n, action, said);
	}
	free(said);
	free(link);
	forget(&n);
	return e;
}

/* @pattern below @root: files and folders. */
static int remove_all(const char *root, const char *pattern)
{
	char *path = text_format("%s/%s", root, pattern);
	glob_t found;
	int e = 0;

	if (!glob(path, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc && !e; i++)
			e = run_remove(found.gl_pathv[i]);
		globfree(&found);
	}
	if (e)
		e = complain("cannot remove %s: %s", path, strerror(-e));
	free(path);
	return e;
}

/* What DKMS leaves of something that it was killed over: its tree, the modules, what its scripts put down. */
static int remove_rest(const char *root, const struct name *n, const char *kernel)
{
	const char *module = module_of(n);
	char *const left[] = {
		text_format(TREE "/%s/kernel-%s-*", n->name, kernel),
		text_format(TREE "/%s/%s/%s", n->name, n->version, kernel),
		text_format(TREE "/%s/%s/build", n->name, n->version),
		text_format("lib/modules/%s/updates/dkms/%s.ko*", kernel, module),
		text_format("usr/lib/tandem/halves/%s/%s-user*", kernel, module),
	};
	static const char *const folders[] = { "lib/modules/%s/updates/dkms", "lib/modules/%s/updates",
					       "usr/lib/tandem/halves/%s" };
	int e = 0;

	for (unsigned int i = 0; i < sizeof(left) / sizeof(*left); i++) {
		if (!e)
			e = remove_all(root, left[i]);
		free(left[i]);
	}
	for (unsigned int i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		char *below = text_format(folders[i], kernel), *path = text_format("%s/%s", root, below);

		rmdir(path);	/* if nobody else has something there */
		free(path);
		free(below);
	}
	return e;
}

int dkms_forget(const char *root, const char *what)
{
	struct name n = parse(what);
	char *said;
	int e;

	run(root, "remove", &n, n.kernel, &said);	/* if it does not know it, the better */
	free(said);
	e = remove_rest(root, &n, n.kernel);
	forget(&n);
	return e;
}

int dkms_remove(const char *root, const char *what)
{
	struct name n = parse(what);
	char *tree = text_format(TREE "/%s", n.name), *said;
	int e;

	run(root, "remove", &n, NULL, &said);
	free(said);
	e = remove_rest(root, &n, n.kernel);
	if (!e)
		e = remove_all(root, tree);
	depmod(root, n.kernel);
	free(tree);
	forget(&n);
	return e;
}
