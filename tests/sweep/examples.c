/* The examples' own coroutines as programs; what they print is not for anybody here. */
#include "sweep.h"

#include <stdarg.h>
#include <stdio.h>

static int __attribute__((format(printf, 1, 2))) hush(const char *format, ...)
{
    return (int)sizeof format;
}

int main_of_02(void);
int main_of_04(void);
int main_of_05(void);
int main_of_06(void);

#define puts(text) hush("%s", text)
#define printf hush
#define main(...) main_of_02(__VA_ARGS__)
#include "../../examples/02_hello.c"
#undef main
#define main(...) main_of_04(__VA_ARGS__)
#include "../../examples/04_timeouts.c"
#undef main
#define main(...) main_of_05(__VA_ARGS__)
#include "../../examples/05_generator.c"
#undef main
#define main(...) main_of_06(__VA_ARGS__)
#include "../../examples/06_cancel.c"
#undef main

PROGRAM(hello)
PROGRAM(timeouts)
PROGRAM(consumer)
PROGRAM(cancel)

const struct program programs_of_examples[] = {
    PROGRAM_OF(hello), PROGRAM_OF(timeouts), PROGRAM_OF(consumer), PROGRAM_OF(cancel), {NULL, NULL}};
