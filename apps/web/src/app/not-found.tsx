import Link from 'next/link';
import { Logo } from '@/ui/logo.tsx';

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 px-6">
      <Logo size={40} />
      <h1 className="text-xl font-semibold">There is nothing at this address</h1>
      <p>
        <Link href="/" className="text-accent underline underline-offset-4">
          Go to the overview
        </Link>
      </p>
    </main>
  );
}
