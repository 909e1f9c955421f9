// Tests of OctetCompiler
