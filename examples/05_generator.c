/* 05_generator - values that take time, one after another, in an ordinary loop; to break it closes the generator. */
#include <eddy.h>
#include <stdio.h>

struct fibonacci {
    EDDY_FRAME_RET(long);
    long next;
    long after;
};

EDDY_CORO(fibonacci)
{
    EDDY_BEGIN(fibonacci) {
        for (my->after = 1;;) {
            EDDY_AWAIT(eddy_sleep(EDDY_MS(20), me)); /* a measurement, a query, a page of results */
            EDDY_YIELD(my->next);
            {
                long sum = my->next + my->after;
                my->next = my->after;
                my->after = sum;
            }
        }
    }
    EDDY_FINALLY
    {
        EDDY_AWAIT(eddy_sleep(EDDY_MS(20), me)); /* what is to be closed may take time as well */
        puts("the generator is closed");
    }
}

struct consumer {
    EDDY_FRAME_RET(int);
    struct eddy_generator numbers;
    long number;
};

EDDY_CORO(consumer)
{
    EDDY_BEGIN(consumer) {
        EDDY_EACH(my->number, &my->numbers, fibonacci) {
            if (my->number % 2 != 0) {
                continue;
            }
            if (my->number > 100) {
                puts("enough");
                break;
            }
            printf("%ld is even\n", my->number);
        }
        puts("after the loop");
    }
}

int main(void)
{
    return EDDY_RUN(consumer) != 0;
}
