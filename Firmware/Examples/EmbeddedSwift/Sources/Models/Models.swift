// The plugin adds a type for each model file of this folder.
