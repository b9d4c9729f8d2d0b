# What `cmake --install` puts where. Components: runtime (the shared library), dev (all else that a program is built
# with), examples (their sources; only when asked for).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(eddy_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/eddy")
set(eddy_generated "${PROJECT_BINARY_DIR}/package")

# eddy_install_library(TARGET STATIC|SHARED): for CMake's users it is eddy::static or eddy::shared.
function(eddy_install_library target type)
    string(TOLOWER ${type} kind)
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${kind})
    install(TARGETS ${target} EXPORT eddy-${kind}
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT dev
        INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
    install(EXPORT eddy-${kind} FILE eddy-${kind}-targets.cmake NAMESPACE eddy:: DESTINATION "${eddy_package_dir}" COMPONENT dev)
    # gdb loads a script of its own accord only from below /usr.
    if(type STREQUAL "SHARED" AND CMAKE_INSTALL_PREFIX STREQUAL "/usr")
        install(FILES "${PROJECT_SOURCE_DIR}/src/look/eddy-gdb.py" COMPONENT dev
            DESTINATION "${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR}"
            RENAME "libeddy.so.${PROJECT_VERSION}-gdb.py")
    endif()
endfunction()

eddy_install_library(eddy ${eddy_type})
if(EDDY_BOTH)
    eddy_install_library(eddy_other ${eddy_other_type})
endif()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev
    FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

write_basic_package_version_file("${eddy_generated}/eddy-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/eddy-config.cmake" "${eddy_generated}/eddy-config-version.cmake"
    DESTINATION "${eddy_package_dir}" COMPONENT dev)

# eddy.pc finds its prefix from its own place, so that a prefix can be moved. Not /usr: pkg-config leaves out
# -I/usr/include only if that is how it is written.
set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" AND NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    file(RELATIVE_PATH pc_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    string(REGEX REPLACE "/$" "" pc_up "${pc_up}")
    set(pc_prefix "\${pcfiledir}/${pc_up}")
endif()
foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
    set(pc_${dir} "${CMAKE_INSTALL_${dir}}")
    if(NOT IS_ABSOLUTE "${pc_${dir}}")
        set(pc_${dir} "\${prefix}/${pc_${dir}}")
    endif()
endforeach()
set(pc_flags "")
if(EDDY_SANITIZE OR EDDY_COVERAGE)
    get_target_property(pc_flags eddy INTERFACE_LINK_OPTIONS)
    string(REPLACE ";" " " pc_flags "${pc_flags}")
endif()
# A static library alone leaves nobody else to link what it needs.
set(pc_libs "${pc_flags}")
set(pc_private "${eddy_libc_lacks}")
if(NOT BUILD_SHARED_LIBS AND NOT EDDY_BOTH)
    set(pc_libs "${pc_flags} ${eddy_libc_lacks}")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/eddy.pc.in" "${eddy_generated}/eddy.pc" @ONLY)
install(FILES "${eddy_generated}/eddy.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)

install(FILES "${PROJECT_SOURCE_DIR}/src/look/eddy-gdb.py" DESTINATION "${CMAKE_INSTALL_DATADIR}/eddy" COMPONENT dev)
install(FILES "${CMAKE_CURRENT_LIST_DIR}/eddy.3" DESTINATION "${CMAKE_INSTALL_MANDIR}/man3" COMPONENT dev)

file(GLOB eddy_example_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.[ch]"
    "${PROJECT_SOURCE_DIR}/examples/*.cpp" "${PROJECT_SOURCE_DIR}/examples/*.md")
install(FILES ${eddy_example_files} DESTINATION "${CMAKE_INSTALL_DOCDIR}/examples" COMPONENT examples EXCLUDE_FROM_ALL)
