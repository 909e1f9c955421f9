// Tests of OctetReport
