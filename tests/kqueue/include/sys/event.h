/*
 * A double of <sys/event.h> for Linux, for tests alone: as much of it as lib/platform/kqueue.c uses, on what kqueue.c
 * beside this folder makes of pidfds and inotify.  Names and meanings are those that kqueue(2) of FreeBSD 14 documents; NetBSD,
 * OpenBSD, DragonFly and macOS have the same ones, with members of other widths.
 */
#ifndef SYS_EVENT_H
#define SYS_EVENT_H

#include <stdint.h>
#include <time.h>

struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned fflags;
	int64_t data;
	void *udata;
	uint64_t ext[4];
};

#define EVFILT_VNODE	(-4)
#define EVFILT_PROC	(-5)

#define EV_ADD		0x0001
#define EV_CLEAR	0x0020

#define NOTE_DELETE	0x0001
#define NOTE_WRITE	0x0002
#define NOTE_EXTEND	0x0004
#define NOTE_ATTRIB	0x0008
#define NOTE_RENAME	0x0020
#define NOTE_EXIT	0x80000000

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int event_count,
    const struct timespec *timeout);

#endif
