// Tests of OctetBoards
