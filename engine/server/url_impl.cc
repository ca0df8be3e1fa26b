// Boost.URL's own code, compiled once for the whole program.
#include <boost/url/src.hpp>
