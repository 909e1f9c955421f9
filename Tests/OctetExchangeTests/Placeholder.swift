// Tests of OctetExchange
