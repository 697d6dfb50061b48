/* One map, one lock. */
#include "visits.hpp"

unsigned
Visits::count(const std::string &path)
{
    std::lock_guard<std::mutex> hold(lock);
    return ++seen[path];
}
