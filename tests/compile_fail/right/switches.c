/* Awaits in switches of a user, over each width of number and over an enum. */
#include <eddy.h>
#include <errno.h>
#include <limits.h>

enum colour { RED, GREEN, BLUE };

struct switches {
    EDDY_FRAME_RET(int);
    enum colour colour;
    unsigned char byte;
    signed char small;
    bool flag;
    unsigned short port;
    size_t size;
    int64_t wide;
    uint32_t word;
    int n;
    struct eddy_scope limit;
    struct eddy_group group;
    struct eddy_catch caught;
};

EDDY_CORO(switches)
{
    EDDY_BEGIN(switches) {
        switch (my->colour) {
        case RED:
            EDDY_AWAIT(eddy_yield(me));
            break;
        case GREEN:
            EDDY_AWAIT(my->n, eddy_yield(me));
            __attribute__((fallthrough));
        case BLUE:
            EDDY_DO(switches);
        }
        switch (my->byte) {
        case 1:
            EDDY_AWAIT(eddy_yield(me));
            break;
        case 255: {
            EDDY_AWAIT(my->n, eddy_yield(me));
            break;
        }
        default:
            EDDY_RETURN(1);
        }
        switch (my->size) {
        case 0:
            EDDY_FAIL(-EINVAL);
        case 1:
            EDDY_AWAIT(my->n, eddy_yield(me));
            if (my->n > 0)
                break;
            EDDY_RETURN(2);
        case SIZE_MAX:
            EDDY_CALL(my->n, switches, .n = 2);
            return;
        default:
            EDDY_TRY(my->n, eddy_yield(me));
        }
        switch (my->n) {
        case -1:
            EDDY_AWAIT(eddy_yield(me));
            break;
        case INT_MAX:
            for (;;) {
                EDDY_AWAIT(eddy_yield(me));
                switch (my->colour) {
                default:
                    EDDY_AWAIT(eddy_yield(me));
                    continue;
                case RED:
                    break;
                }
                break;
            }
            break;
        default:
            break;
        }
        switch (my->small) {
        case -1:
            EDDY_AWAIT(eddy_yield(me));
        }
        switch ((int)my->flag) {
        case 0:
            EDDY_AWAIT(eddy_yield(me));
        }
        switch (my->port) {
        default:
            EDDY_AWAIT(eddy_yield(me));
        }
        switch (my->wide) {
        case INT64_MIN:
            EDDY_AWAIT(eddy_yield(me));
        }
        switch (my->word) {
        case 80:
            EDDY_AWAIT(eddy_yield(me));
        }

        /* Blocks in switches, and left from there. */
        switch (my->colour) {
        case RED:
            EDDY_TIMEOUT(&my->limit, EDDY_MS(1)) {
                EDDY_AWAIT(eddy_yield(me));
                break;
            }
            break;
        case GREEN:
            EDDY_GROUP(&my->group) {
                EDDY_TRY(my->n, EDDY_SPAWN(&my->group, switches));
            }
            break;
        case BLUE:
            EDDY_CATCH(&my->caught) {
                switch (my->byte) {
                case 1:
                    EDDY_FAIL(-EIO);
                default:
                    EDDY_AWAIT(eddy_yield(me));
                }
            }
        }
        switch (my->byte)
        case 3:
        case 4:
            EDDY_AWAIT(eddy_yield(me));
    }
    EDDY_FINALLY
    {
        switch (my->colour) {
        case RED:
        case GREEN:
            EDDY_AWAIT(eddy_yield(me));
            break;
        case BLUE:
            break;
        }
    }
}

int main(void)
{
    return EDDY_RUN(switches, .size = 1);
}
