#include "proxy/peer/connects.h"

namespace nemoclaw::peer {

Result<Connects> Connects::create(Fd program) {
  Connects connects(std::move(program));
  bpf::Look none;  // cookies begin with 1
  TRY(bpf::run_program(connects.program_, &none, sizeof none));
  return connects;
}

std::optional<bpf::Look> Connects::look(uint64_t cookie) const {
  bpf::Look look;
  look.cookie = cookie;
  if (!bpf::run_program(program_, &look, sizeof look) || look.status == bpf::LookStatus::Unknown) return std::nullopt;
  return look;
}

bool is_connecter_unchanged(const bpf::Look& look) {
  const bpf::ConnectRecord& then = look.record;
  const bpf::TaskView& now = look.process;
  return look.status == bpf::LookStatus::Held && now.exit_state == 0 && now.pid != 0 && now.pid == then.pid &&
         now.start == then.start && now.exec_id == then.exec_id && now.dentry != 0 && now.dentry == then.dentry &&
         now.mount == then.mount;
}

bool is_held_by_connecter_alone(const bpf::Look& look) {
  return is_connecter_unchanged(look) && look.descriptors > 0 && look.references == look.descriptors;
}

}  // namespace nemoclaw::peer
