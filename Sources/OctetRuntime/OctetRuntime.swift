// OctetRuntime
