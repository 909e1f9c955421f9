// Tests of OctetTraining
