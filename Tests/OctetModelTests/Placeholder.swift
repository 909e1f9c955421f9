// Tests of OctetModel
