// The SDK's seven lines about Node 20 help nobody who reads a test's output.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// How much is tried (effort.ts). What a test starts would take the variable for a setting of the worker.
globalThis.testEffort = process.env.STEPWRIGHT_EFFORT;
// The settings of this machine must not reach a test.
for (const name of Object.keys(process.env)) {
  if (
    /^(AWS_(ENDPOINT|REGION|DEFAULT_REGION|PROFILE|ACCESS|SECRET|SESSION)|STEPWRIGHT_|KUBERNETES_|ECS_)/.test(
      name,
    )
  ) {
    delete process.env[name];
  }
}
