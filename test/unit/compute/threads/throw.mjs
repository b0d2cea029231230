// A thread that fails before it can say so.
throw new RangeError('the thread broke');
