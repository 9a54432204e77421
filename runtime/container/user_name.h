// The host's name for a uid, from /etc/passwd; the programs are static, so no NSS.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace nemoclaw::container {

// "" if the file has no such uid. Pure half and the reader of the file.
std::string user_name_in(std::string_view passwd, uid_t uid);
std::string user_name(uid_t uid);

}  // namespace nemoclaw::container
