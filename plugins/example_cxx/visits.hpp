/* How often something was seen. Threads may ask at the same time. */
#pragma once

#include <map>
#include <mutex>
#include <string>

class Visits
{
  public:
    unsigned count(const std::string &path);

  private:
    std::mutex lock;
    std::map<std::string, unsigned> seen;
};
