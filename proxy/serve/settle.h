// What the start needed and waiting does not is given back: one proxy runs per sandbox, and most of them
// wait.
#pragma once

namespace nemoclaw::serve {

void give_back_memory();

}  // namespace nemoclaw::serve
