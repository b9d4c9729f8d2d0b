#include <eddy.h>
#include <eddy/task.hpp>

/* Seen from a #line of a header gcc takes all this for one, where types of lambdas are unwelcome. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

//@ 1 1-9

static eddy::task<> snippet(eddy_loop *loop, eddy_stream peer)
{
//@ 1 11-
}
//@ text 2
