#include "runtime/isolation/seccomp_multiplexed.h"

#include <algorithm>

namespace nemoclaw::isolation {
namespace {

constexpr uint32_t socketcall_number = 102;
constexpr uint32_t ipc_number = 117;

struct Direct {
  int32_t pseudo;  // -100 - sub-call of socketcall, -200 - sub-call of ipc
  int32_t number;
};

// Calls that got numbers of their own with Linux 4.3 (sockets) and 5.1 (System V).
constexpr Direct direct_calls[] = {
    {-101, 359}, {-102, 361}, {-103, 362}, {-104, 363}, {-106, 367}, {-107, 368}, {-108, 360},
    {-111, 369}, {-112, 371}, {-113, 373}, {-114, 366}, {-115, 365}, {-116, 370}, {-117, 372},
    {-118, 364}, {-119, 337}, {-120, 345}, {-202, 393}, {-203, 394}, {-211, 400}, {-212, 401},
    {-213, 399}, {-214, 402}, {-221, 397}, {-222, 398}, {-223, 395}, {-224, 396},
};

}  // namespace

MultiplexedCall multiplexed_on_x86(int32_t number) {
  MultiplexedCall call;
  for (const Direct& each : direct_calls)
    if (number == each.pseudo || number == each.number) {
      number = each.pseudo;
      call.direct = each.number;
      break;
    }
  if (number <= -200) {
    call.multiplexer = ipc_number;
    call.subcall = static_cast<uint32_t>(-number - 200);
  } else if (number < -100) {
    call.multiplexer = socketcall_number;
    call.subcall = static_cast<uint32_t>(-number - 100);
  }
  return call;
}

void restrict_to_subcall(std::vector<ArgumentCheck>& checks, uint32_t subcall) {
  std::erase_if(checks, [](const ArgumentCheck& check) { return check.index == 0; });
  checks.insert(checks.begin(), ArgumentCheck{0, Comparison::Equal, subcall});
}

}  // namespace nemoclaw::isolation
