// Tests of OctetRuntime
