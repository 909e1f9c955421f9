// OctetBoards
