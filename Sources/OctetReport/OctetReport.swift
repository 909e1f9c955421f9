// OctetReport
