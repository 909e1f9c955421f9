// OctetQuantization
