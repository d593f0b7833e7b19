/* A double for tests alone: what kqueue(2) of macOS 14 has beside what the BSDs have. */
#ifndef DARWIN_SYS_EVENT_H
#define DARWIN_SYS_EVENT_H

#include "../../include/sys/event.h"

#define NOTE_FUNLOCK	0x00000100

#endif
