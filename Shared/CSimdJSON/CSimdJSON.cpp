#include "include/CSimdJSON.h"
