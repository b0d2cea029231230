// A thread that throws before it can send a message.
throw new RangeError('the thread broke');
