add_custom_target(programs DEPENDS nemoclaw-runtime nemoclawctl nemoclaw-hook nemoclaw-proxy nemoclaw-proxy-worker generated_texts)

install(TARGETS nemoclaw-runtime nemoclawctl RUNTIME DESTINATION bin)
install(TARGETS nemoclaw-hook nemoclaw-proxy nemoclaw-proxy-worker RUNTIME DESTINATION libexec/nemoclaw)
install(DIRECTORY packaging/hooks.d/ DESTINATION share/nemoclaw/hooks.d FILES_MATCHING PATTERN "*.json")
install(FILES packaging/systemd/nemoclaw-metrics.service DESTINATION lib/systemd/system)
install(DIRECTORY policy/presets/ DESTINATION share/nemoclaw/policies FILES_MATCHING PATTERN "*.yaml"
        PATTERN vectors EXCLUDE)
install(FILES ${CMAKE_BINARY_DIR}/generated/policy.schema.json DESTINATION share/nemoclaw)
install(FILES ${CMAKE_BINARY_DIR}/generated/nemoclawctl.bash RENAME nemoclawctl
        DESTINATION share/bash-completion/completions)
install(FILES ${CMAKE_BINARY_DIR}/generated/_nemoclawctl DESTINATION share/zsh/vendor-completions)
install(FILES docs/man/nemoclawctl.1 DESTINATION share/man/man1)
install(FILES docs/man/nemoclaw-policy.5 DESTINATION share/man/man5)
install(FILES docs/man/nemoclaw-runtime.8 docs/man/nemoclaw-hook.8 docs/man/nemoclaw-proxy.8 DESTINATION share/man/man8)
