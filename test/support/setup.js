// The SDK's seven lines about Node 20 help nobody who reads a test's output.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
