#include "check.hpp"

int main()
{
    test_awaits();
    test_ends();
}
