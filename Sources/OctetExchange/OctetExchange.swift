// OctetExchange
