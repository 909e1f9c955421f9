// OctetCompiler
