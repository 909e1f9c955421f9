// OctetTraining
