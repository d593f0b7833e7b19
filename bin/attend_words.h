/* otelop-run --attend: nobody's daemon, but above a command in the foreground, as otelop-with needs it. */
#ifndef ATTEND_WORDS_H
#define ATTEND_WORDS_H

/* Do the words ask for it? */
int attend_is_asked(int argc, char *argv[]);

/* The exit status; or we become what comes then. */
int attend_main(int argc, char *argv[]);

#endif
