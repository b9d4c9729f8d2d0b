/* eddy/api.h - what every header needs: the version, and how functions are exported. */
#ifndef EDDY_API_H
#define EDDY_API_H

#define EDDY_VERSION_MAJOR 0
#define EDDY_VERSION_MINOR 1
#define EDDY_VERSION_PATCH 0
#define EDDY_VERSION_STRING "0.1.0"

/* These headers' version is that one or later: #if EDDY_VERSION_AT_LEAST(0, 2, 0). */
#define EDDY_VERSION_AT_LEAST(major, minor, patch)                                                      \
    (EDDY_VERSION_MAJOR > (major) || (EDDY_VERSION_MAJOR == (major) && EDDY_VERSION_MINOR > (minor)) || \
     (EDDY_VERSION_MAJOR == (major) && EDDY_VERSION_MINOR == (minor) && EDDY_VERSION_PATCH >= (patch)))

/* Every public function carries this mark: in a shared library it is exported, all else is hidden.
 * In a static one nothing is, so that calls need no detour. EDDY_SHARED is for the library's own
 * compilation: programs are compiled alike for both. */
#ifdef EDDY_SHARED
#define EDDY_API __attribute__((visibility("default")))
#else
#define EDDY_API
#endif

/* A result that carries an error must be looked at. */
#define EDDY_CHECK_RESULT __attribute__((warn_unused_result))

#ifdef __cplusplus
/* A struct and a function may share a name, which g++ -Wshadow would take for a mistake. */
#define EDDY_BEGIN_DECLS                                                                     \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wshadow\"") extern "C" \
    {
#define EDDY_END_DECLS \
    }                  \
    _Pragma("GCC diagnostic pop")
#else
#define EDDY_BEGIN_DECLS
#define EDDY_END_DECLS
#endif

EDDY_BEGIN_DECLS

/* The version of the library that is linked, such as "0.1.0"; compare it with
 * EDDY_VERSION_STRING, the version of these headers. */
EDDY_API const char *eddy_version(void);

EDDY_END_DECLS

#endif
