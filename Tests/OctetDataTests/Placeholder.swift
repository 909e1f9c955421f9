// Tests of OctetData
