#include "scene.h"

//@ 1
