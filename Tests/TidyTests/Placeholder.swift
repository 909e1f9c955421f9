// Tests of Tidy
