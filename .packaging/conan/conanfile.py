"""conan create TREE/.packaging/conan: eddy as a Conan 2 package, built of the tree that this recipe stands in."""
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.0"


class EddyConan(ConanFile):
    name = "eddy"
    description = "Coroutines, tasks and an event loop for C, on one thread and one epoll"
    license = "MIT"
    topics = ("async", "coroutines", "event-loop", "epoll")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}
    languages = "C"
    implements = ["auto_shared_fpic"]

    @property
    def _tree(self):
        return os.path.join(self.recipe_folder, os.pardir, os.pardir)

    def set_version(self):
        header = load(self, os.path.join(self._tree, "include", "eddy", "api.h"))
        self.version = re.search(r'EDDY_VERSION_STRING "([0-9.]+)"', header).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", ".packaging/eddy*", ".packaging/*.cmake", "include/*", "src/*", "examples/*"):
            copy(self, pattern, src=self._tree, dst=self.export_sources_folder)

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("eddy is for Linux")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for option in ("EDDY_TESTS", "EDDY_EXAMPLES", "EDDY_BENCH", "EDDY_DEBUG"):
            toolchain.cache_variables[option] = False
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        # Conan writes both for its users, of package_info().
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))
        rmdir(self, os.path.join(self.package_folder, "share"))

    def package_info(self):
        self.cpp_info.libs = ["eddy"]
        self.cpp_info.set_property("cmake_file_name", "eddy")
        self.cpp_info.set_property("cmake_target_name", "eddy::eddy")
        self.cpp_info.set_property("pkg_config_name", "eddy")
        # Inside the C library since glibc 2.34, where linking it costs nothing.
        self.cpp_info.system_libs = ["pthread"]
