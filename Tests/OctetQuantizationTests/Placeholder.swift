// Tests of OctetQuantization
